using TinyFlow;
using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace ReadmeCode;

/// <summary>The README's gradient without any flow.</summary>
internal static class ReadmeGradient
{
    public static string Run()
    {
        // README
        using IBackend backend = new CpuBackend();
        using Tape tape = new(backend);
        using Tensor t = backend.Create([3], [1.0, 2.0, 3.0]);
        Var x = tape.Input(t);
        tape.Backward((x * x.Tanh()).Sum());
        Console.WriteLine(x.Gradient);                                          // [1.1815685 1.1053293 1.0246527]
        // end
        return $"{x.Gradient}";
    }
}
