import hypothesis.extra.numpy as nps
import hypothesis.strategies as st
from tests.harness import *

@clause("SIGMOID-SMOKE")
@given(z=nps.arrays(float, st.integers(1,5), elements=st.floats(-300,300)))
def test_smoke(impl, z):
    assert_within(impl.sigmoid(z), exact.sigmoid(z), impl.bound.sigmoid(z))

@clause("SIGMOID-SMOKER")
@given(z=nps.arrays(float, st.integers(1,5), elements=st.floats()))
def test_smoke2(impl, z):
    assert_within(impl.sigmoid(z), exact.sigmoid(z), impl.bound.sigmoid(z))
