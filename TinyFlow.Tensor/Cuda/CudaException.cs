using System.Text;

namespace TinyFlow.Cuda;

/// <summary>A call of a CUDA library failed: which call, and what the library says about it.</summary>
public sealed class CudaException : Exception
{
    internal CudaException(string call, int code, string name, string text, params ReadOnlySpan<string> more) : base(Sentence(call, code, name, text, more)) => Code = code;

    /// <summary>The library's number of the error.</summary>
    public int Code { get; }

    private static string Sentence(string call, int code, string name, string text, ReadOnlySpan<string> more)
    {
        StringBuilder sentence = new($"{FunctionOf(call)} failed{(name.Length > 0 ? $": {name} ({code})" : $" with error {code}")}");
        foreach (string part in (string[])[text, .. more])
        {
            string trimmed = part.Trim().TrimEnd('.');
            if (trimmed.Length > 0)
            {
                sentence.Append(sentence[^1] == '.' ? " " : ": ").Append(trimmed).Append('.');
            }
        }

        return sentence.Append(sentence[^1] == '.' ? "" : ".").ToString();
    }

    // "Driver.cuMemAlloc_v2(out ulong address, bytes)" is cuMemAlloc_v2; other calls are words already.
    private static string FunctionOf(string call)
    {
        int end = call.IndexOf('(');
        return end < 0 ? call : call[(call.LastIndexOf('.', end) + 1)..end];
    }
}
