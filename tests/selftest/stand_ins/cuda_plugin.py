"""``pytest -p tests.selftest.stand_ins.cuda_plugin``: torch finds the stand-in for CUDA in this process."""

from tests.selftest.stand_ins import asserting_cuda

asserting_cuda.install()
