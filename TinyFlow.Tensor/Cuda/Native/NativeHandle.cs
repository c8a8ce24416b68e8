using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>
/// A handle of one of the libraries, destroyed when its owner is disposed and never by the garbage collector: its thread
/// may not call CUDA, which would break what another thread is capturing.
/// </summary>
internal sealed class NativeHandle : SafeHandle
{
    private readonly Action<nint> _destroy;

    /// <summary>Owns a handle from now on.</summary>
    public NativeHandle(nint value, Action<nint> destroy) : base(0, ownsHandle: true)
    {
        _destroy = destroy;
        SetHandle(value);
        GC.SuppressFinalize(this);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The handle, for a call.</summary>
    /// <exception cref="ObjectDisposedException">It has been destroyed.</exception>
    public nint Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    // What it says does not matter: there is nothing to do about a handle that cannot be destroyed.
    protected override bool ReleaseHandle()
    {
        _destroy(handle);
        return true;
    }
}
