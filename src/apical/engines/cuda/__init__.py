"""The CUDA engine: generated kernels on one GPU, for large batches."""

from apical.engines.cuda.engine import CudaEngine as CudaEngine
