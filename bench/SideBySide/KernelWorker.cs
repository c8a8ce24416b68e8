using System.Globalization;
using TinyFlow;
using TinyFlow.Cpu.Convolutions;

namespace Bench;

/// <summary>
/// A process that computes convolutions in one engine. Commands, one a line: <c>load INDEX</c> of
/// <see cref="ConvolutionShape.All"/>; <c>run PASS KERNEL MILLISECONDS</c>.
/// </summary>
internal static class KernelWorker
{
    public static void Run(KernelOrder order)
    {
        using CpuBackend? backend = order.Engine == Engine.TinyFlow ? new CpuBackend(order.Threads) : null;
        IConvolution? convolution = null;
        while (Console.In.ReadLine()?.Split(' ') is [string command, .. string[] rest])
        {
            if (command == Worker.RunCommand)
            {
                ConvolutionPass pass = Enum.Parse<ConvolutionPass>(rest[0]);
                ConvolutionKernel kernel = Enum.Parse<ConvolutionKernel>(rest[1]);
                double milliseconds = Alternation.Run(() => convolution!.Run(pass, kernel), double.Parse(rest[2], CultureInfo.InvariantCulture));
                Worker.Send(new Repetition(milliseconds), MessageContext.Default.Repetition);
                continue;
            }

            convolution?.Dispose();
            ConvolutionShape shape = ConvolutionShape.All[int.Parse(rest[0], CultureInfo.InvariantCulture)];
            convolution = backend is null ? new TorchSharpConvolution(shape, order.Threads, order.ChannelsLast) : new TinyFlowConvolution(backend, shape);
            double[] meanSquares = [.. Enum.GetValues<ConvolutionPass>().Select(pass =>
            {
                Alternation.Run(() => convolution.Run(pass), order.WarmUpMilliseconds);
                return convolution.Result(pass).Average(value => value * value);
            })];
            Worker.Send(
                new KernelReady(meanSquares, [.. Enum.GetValues<ConvolutionPass>().Select(pass => (string[])[.. convolution.Kernels(pass).Select(k => k.ToString())])]),
                MessageContext.Default.KernelReady);
        }

        convolution?.Dispose();
    }
}
