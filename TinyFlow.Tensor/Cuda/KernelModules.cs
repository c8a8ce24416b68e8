using System.Runtime.InteropServices;
using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda;

/// <summary>The modules of kernels that a context has loaded; each is loaded when the first of its kernels is used.</summary>
internal sealed unsafe class KernelModules : IDisposable
{
    private const int LogBytes = 4096;

    private readonly CudaContext _context;
    private readonly Dictionary<string, nint> _modules = [], _functions = [];
    private readonly Lock _lock = new();

    public KernelModules(CudaContext context) => _context = context;

    /// <summary>The handle of a kernel.</summary>
    /// <exception cref="CudaException">The driver does not take its module.</exception>
    public nint Function(string kernel)
    {
        lock (_lock)
        {
            if (!_functions.TryGetValue(kernel, out nint function))
            {
                Driver.cuModuleGetFunction(out function, Module(KernelImages.ModuleOf(kernel)), kernel).ThrowOnError();
                _functions.Add(kernel, function);
            }

            return function;
        }
    }

    public void Dispose()
    {
        _context.MakeCurrentIfPossible();
        foreach (nint module in _modules.Values)
        {
            Driver.cuModuleUnload(module);
        }

        _modules.Clear();
        _functions.Clear();
    }

    private nint Module(string name)
    {
        if (!_modules.TryGetValue(name, out nint module))
        {
            module = Load(KernelImages.Read(name), name);
            _modules.Add(name, module);
        }

        return module;
    }

    private static nint Load(byte[] image, string name)
    {
        byte* log = stackalloc byte[LogBytes];
        log[0] = 0;
        JitOption* options = stackalloc JitOption[] { JitOption.ErrorLogBuffer, JitOption.ErrorLogBufferSizeBytes };
        void** values = stackalloc void*[] { log, (void*)(nint)LogBytes };
        fixed (byte* start = image)
        {
            DriverResult result = Driver.cuModuleLoadDataEx(out nint module, start, 2, options, values);
            result.ThrowOnError($"cuModuleLoadDataEx of {name}.ptx", Marshal.PtrToStringUTF8((nint)log) ?? "");
            return module;
        }
    }
}
