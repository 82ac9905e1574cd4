"""The large clauses are judged and expected where --large asks for them, and listed where it does not."""

ON_RELU = ("--impl", "reference", "-k", "RELU")


def huge_relu(result) -> dict:
    return result.implementation("reference")["functions"]["relu"]["clauses"]["RELU-HUGE"]


def test_without_the_option_they_are_listed_and_not_expected(suite):
    result = suite(*ON_RELU)
    assert result.exit_status == 0
    assert huge_relu(result)["outcome"] == "skipped"
    assert huge_relu(result)["message"] == "not run: --large not given"
    assert result.implementation("reference")["functions"]["relu"]["robust"] == "conforms"
    assert "clauses about large arrays are not part of this run (--large)" in result.output
    assert "RELU-HUGE:" not in result.junit


def test_with_it_every_size_up_to_the_largest_is_judged(suite):
    for option, examples in (("--large=65536", 1), ("--large=2**20", 2)):
        result = suite(*ON_RELU, option)
        assert result.exit_status == 0
        assert huge_relu(result)["outcome"] == "passed"
        assert huge_relu(result)["examples"] == examples
        assert "are not part of this run" not in result.output


def test_an_expected_one_that_is_deselected_keeps_its_function_from_conforming(suite):
    result = suite("--impl", "reference", "-k", "RELU and not HUGE", "--large=65536")
    assert result.implementation("reference")["functions"]["relu"]["robust"] == "not run"


def test_what_is_no_number_of_elements_is_a_usage_error(suite):
    for wrong in ("5", "many", "2**"):
        result = suite(*ON_RELU, f"--large={wrong}")
        assert result.exit_status == 4
        assert "a number of elements is needed, 65536 or more" in result.output
