using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda;

/// <summary>Whether cuDNN can be used, and its handle for a context.</summary>
internal static class CudnnLibrary
{
    /// <summary>Why cuDNN cannot be used; null if it can.</summary>
    public static string? Obstacle(FoundLibrary library)
    {
        if (NativeLibraries.Obstacle(library, Cudnn.Functions) is { } obstacle)
        {
            return obstacle;
        }

        nuint version = Cudnn.cudnnGetVersion();
        return version >= Cudnn.OldestVersion ? null : $"{library.File} is cuDNN {version}; version 9 is needed. {library.Library.Remedy}";
    }

    /// <summary>A handle whose work goes to the stream of a context.</summary>
    /// <exception cref="CudaException">cuDNN refuses.</exception>
    public static NativeHandle Open(CudaContext context)
    {
        context.MakeCurrent();
        Cudnn.cudnnCreate(out nint value).ThrowOnError();
        NativeHandle handle = new(value, static opened => Cudnn.cudnnDestroy(opened));
        try
        {
            Cudnn.cudnnSetStream(value, context.Stream).ThrowOnError();
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
