"""Lets the Python of a CPU-only PyTorch wheel use the emulated CUDA device.

Run Python with LD_PRELOAD=.../libtorch_tidy_emulator.so and import this before
anything that uses torch. The device itself is in the library; but the wheel's
`torch.cuda` refuses to go near one because it was built without CUDA, so what
it asks of `torch._C` is answered here.
"""

import ctypes
import os
import sys
import types
import unittest
import warnings

warnings.filterwarnings("ignore")

import jiterator  # noqa: E402
import torch  # noqa: E402

CAPABILITY = (9, 0)  # An H100's.


def emulated_devices():
    """The number of emulated devices; 0 where the library is not loaded."""
    try:
        return ctypes.CDLL(None).torch_tidy_emulator_devices()
    except AttributeError:
        return 0


def install():
    if not emulated_devices():
        sys.exit("no emulated device: run with LD_PRELOAD="
                 "<build>/lib/libtorch_tidy_emulator.so")
    cuda = torch.cuda
    cuda._lazy_init = lambda: None
    cuda.is_available = lambda: True
    cuda.is_initialized = lambda: True
    cuda.device_count = emulated_devices
    cuda.current_device = lambda: 0
    cuda.synchronize = lambda *a, **k: None
    cuda.empty_cache = lambda: None
    cuda.is_bf16_supported = lambda *a, **k: True
    seed = ctypes.CDLL(None).torch_tidy_emulator_manual_seed
    seed.argtypes = [ctypes.c_ulonglong]
    cuda.manual_seed = cuda.manual_seed_all = lambda value: seed(
        int(value) % (1 << 64))
    # Python cannot reach the generator; nothing here depends on its state.
    cuda.get_rng_state = lambda *a: torch.empty(0, dtype=torch.uint8)
    cuda.set_rng_state = lambda *a: None
    cuda.get_rng_state_all = lambda: []
    cuda.set_rng_state_all = lambda *a: None
    torch._C._cuda_getDevice = lambda: 0
    torch._C._cuda_setDevice = lambda index: None
    torch._C._cuda_exchangeDevice = lambda index: 0
    torch._C._cuda_maybeExchangeDevice = lambda index: 0
    torch._C._cuda_jiterator_compile_and_launch_kernel = jiterator.launch
    cuda.get_device_capability = lambda *a: CAPABILITY
    cuda.get_device_name = lambda *a: "emulated"
    cuda.get_device_properties = lambda *a: types.SimpleNamespace(
        major=CAPABILITY[0], minor=CAPABILITY[1], total_memory=1 << 36,
        multi_processor_count=132, name="emulated", gcnArchName="",
        max_threads_per_multi_processor=2048)
    try:
        import expecttest  # noqa: F401
    except ImportError:  # The databases import it and use nothing of it.
        stub = types.ModuleType("expecttest")
        stub.TestCase = unittest.TestCase
        sys.modules["expecttest"] = stub


install()
