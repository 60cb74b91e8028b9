"""torch.cuda.jiterator for the emulated device.

jiterator takes the C++ text of a function on numbers, compiles it for the GPU
and lets TensorIterator call it element by element. Here the host's C++ compiler
does the first part and a loop the second; devices are compared as TensorIterator
compares them without CPU scalars, which is how jiterator asks it to.
"""

import ctypes
import functools
import os
import subprocess
import tempfile

import torch

CTYPES = {torch.float32: "float", torch.float64: "double",
          torch.int64: "int64_t", torch.int32: "int32_t",
          torch.int16: "int16_t", torch.int8: "int8_t",
          torch.uint8: "uint8_t", torch.bool: "bool"}
HALVES = (torch.float16, torch.bfloat16)


def check_devices(tensors):
    devices = [t.device for t in tensors]
    common = next((d for d in devices if d.type != "cpu"), devices[0])
    for device in devices:
        if device != common:
            raise RuntimeError("Expected all tensors to be on the same device, "
                               "but found at least two devices, "
                               f"{common} and {device}!")
    return common


@functools.lru_cache(maxsize=None)
def compile_loop(code, name, by_reference, outputs, inputs, scalars, ctype):
    outs = [f"Out[{i}][I]" for i in range(outputs)]
    args = [f"In[{i}][I]" for i in range(inputs)]
    args += [f"static_cast<T>(Scalars[{i}])" for i in range(scalars)]
    call = (f"{name}<T>({', '.join(args + outs)})" if by_reference else
            f"{outs[0]} = {name}<T>({', '.join(args)})")
    source = f"""
#include <cmath>
#include <cstdint>
using std::abs; using std::exp; using std::log; using std::sqrt;
{code}
using T = {ctype};
extern "C" void loop(T **Out, T **In, double *Scalars, int64_t N) {{
  for (int64_t I = 0; I < N; ++I) {call};
}}
"""
    folder = tempfile.mkdtemp()
    text, library = (os.path.join(folder, n) for n in ("loop.cpp", "loop.so"))
    with open(text, "w") as handle:
        handle.write(source)
    # The compiler is not to be preloaded with the device.
    environment = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-shared",
                    "-fPIC", text, "-o", library], check=True,
                   env=environment)
    return ctypes.CDLL(library).loop


def launch(code, name, by_reference, outputs, tensors, scalars):
    device = check_devices(tensors)
    # TensorIterator's promotion, of any number of tensors.
    dtype = sum(torch.zeros((1,) * t.dim(), dtype=t.dtype)
                for t in tensors[1:]).add(
                    torch.zeros((1,) * tensors[0].dim(),
                                dtype=tensors[0].dtype)).dtype \
        if len(tensors) > 1 else tensors[0].dtype
    compute = torch.float32 if dtype in HALVES else dtype
    if compute not in CTYPES:
        raise RuntimeError(f"jiterator on the emulated device has no {dtype}")
    shape = torch.broadcast_shapes(*(t.shape for t in tensors))
    inputs = [t.cpu().to(compute).expand(shape).contiguous() for t in tensors]
    results = [torch.empty(shape, dtype=compute) for _ in range(outputs)]
    loop = compile_loop(code, name, by_reference, outputs, len(inputs),
                        len(scalars), CTYPES[compute])
    pointers = lambda ts: (ctypes.c_void_p * len(ts))(
        *(t.data_ptr() for t in ts))
    numbers = (ctypes.c_double * len(scalars))(*map(float, scalars.values()))
    loop(pointers(results), pointers(inputs), numbers,
         ctypes.c_int64(results[0].numel()))
    results = [r.to(dtype).to(device) for r in results]
    return results[0] if outputs == 1 else tuple(results)
