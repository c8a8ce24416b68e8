using System.Runtime.InteropServices;
using System.Text;

namespace TinyFlow.Tests.Cuda;

/// <summary>
/// What the stand-in lets tests arrange and ask (native/standin/control.cpp). It is one for the whole process: such tests
/// run by themselves, and disposing takes everything back.
/// </summary>
internal sealed unsafe class StandinControl : IDisposable
{
    private const int TextBytes = 1 << 14;

    private readonly nint _library;

    /// <summary>Takes hold of the stand-in; the test is inconclusive where there is none.</summary>
    public StandinControl()
    {
        Standin.Require();
        if (Standin.IsReplaced)
        {
            Assert.Inconclusive("Only the stand-in for a GPU can be told to fail.");
        }

        _library = NativeLibrary.Load(Standin.File);
        Reset();
    }

    /// <summary>Sets an option (native/standin/options.h).</summary>
    public void Set(string option, long value)
    {
        fixed (byte* name = Text(option))
        {
            int result = ((delegate* unmanaged<byte*, long, int>)Function("tf_standin_set"))(name, value);
            Assert.AreEqual(0, result, $"The stand-in has no option {option}.");
        }
    }

    /// <summary>Lets the nth call from now of a function fail with a code, or all if it is 0; "kernel" stands for a running kernel.</summary>
    public void Fail(string function, int nth, int code)
    {
        fixed (byte* name = Text(function))
        {
            ((delegate* unmanaged<byte*, int, int, void>)Function("tf_standin_fail"))(name, nth, code);
        }
    }

    /// <summary>A count (native/standin/counters.h), or the calls of a function.</summary>
    public long Count(string counter)
    {
        fixed (byte* name = Text(counter))
        {
            return ((delegate* unmanaged<byte*, long>)Function("tf_standin_count"))(name);
        }
    }

    /// <summary>Starts all counts again.</summary>
    public void ResetCounts() => ((delegate* unmanaged<void>)Function("tf_standin_reset_counts"))();

    /// <summary>What is alive that somebody has to destroy; "" if nothing is.</summary>
    public string Leaks()
    {
        byte* text = stackalloc byte[TextBytes];
        text[0] = 0;
        ((delegate* unmanaged<byte*, nuint, int>)Function("tf_standin_leaks"))(text, TextBytes);
        return Marshal.PtrToStringUTF8((nint)text) ?? "";
    }

    public void Dispose() => Reset();

    private void Reset() => ((delegate* unmanaged<void>)Function("tf_standin_reset"))();

    private nint Function(string name) => NativeLibrary.GetExport(_library, name);

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + "\0");
}
