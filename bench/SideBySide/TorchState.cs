using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Bench;

/// <summary>The parameters and statistics of a model by their PyTorch state_dict names.</summary>
internal sealed class TorchState(bool channelsLast) : IDisposable
{
    private readonly Dictionary<string, Tensor> _all = [];

    /// <summary>Names and parameters, in the order in which they were made.</summary>
    public IEnumerable<(string Name, Parameter Value)> Parameters =>
        _all.Where(entry => entry.Value is Parameter).Select(entry => (entry.Key, (Parameter)entry.Value));

    /// <summary>A parameter full of ones or zeros until values are loaded; weights of convolutions get NHWC strides if these are wanted.</summary>
    public Parameter Parameter(string name, long[] sizes, double value = 1)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = full(sizes, value);
        if (channelsLast && sizes.Length == 4)
        {
            // TorchSharp has no memory_format argument, but a clone keeps the strides of a dense tensor.
            values = full([sizes[0], sizes[2], sizes[3], sizes[1]], value).permute(0, 3, 1, 2).clone();
        }

        Parameter parameter = new(values.DetachFromDisposeScope());
        parameter.DetachFromDisposeScope();
        _all.Add(name, parameter);
        return parameter;
    }

    /// <summary>A statistic.</summary>
    public Tensor Buffer(string name, long[] sizes, double value)
    {
        Tensor buffer = full(sizes, value).DetachFromDisposeScope();
        _all.Add(name, buffer);
        return buffer;
    }

    /// <summary>Sets everything.</summary>
    public void Load(Func<string, long[], float[]> valuesOf)
    {
        using IDisposable without = no_grad();
        foreach ((string name, Tensor target) in _all)
        {
            using Tensor values = tensor(valuesOf(name, target.shape), target.shape);
            target.copy_(values);
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in _all.Values)
        {
            tensor.Dispose();
        }
    }
}
