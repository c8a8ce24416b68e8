using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Distributions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// A density of images: a flow from dequantized images x [N, C, H, W], with values on [0, 1), to latent variables z
/// whose prior is known. Owns its parameters.
/// <code>
/// using FlowModel model = FlowModel.Create(Presets.Quick.Model, backend, seed: 0);
/// using Tensor images = model.Sample(16, temperature: 0.8, seed: 1);
/// </code>
/// </summary>
public sealed class FlowModel : IDisposable
{
    // Memory for activations is bounded by this many images at a time.
    private const int SampleBatch = 64;

    internal FlowModel(ModelConfig config, ParameterSet parameters, IFlow flow, IDistribution prior)
    {
        Config = config;
        Parameters = parameters;
        Flow = flow;
        Prior = prior;
    }

    /// <summary>What defines the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>All that it keeps.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>From images to latent variables.</summary>
    public IFlow Flow { get; }

    /// <summary>What latent variables follow.</summary>
    public IDistribution Prior { get; }

    /// <summary>Where it computes.</summary>
    public IBackend Backend => Parameters.Backend;

    /// <summary>[C, H, W] of an image.</summary>
    public Shape ImageShape => Config.Image;

    /// <summary>[C, H, W] of a latent variable.</summary>
    public Shape LatentShape => Config.Latent;

    /// <summary>D, the pixels of an image, by which bits per dimension are divided.</summary>
    public int Dimensions => Config.Dimensions;

    /// <summary>A new model; its first values depend on the seed alone, not on the backend.</summary>
    /// <exception cref="ArgumentException">The settings do not fit.</exception>
    public static FlowModel Create(ModelConfig config, IBackend backend, ulong seed)
    {
        config.Check();
        ParameterSet parameters = ParameterSet.Create(backend, seed, root => FlowBuilder.Build(root, config), out IFlow flow);
        return new FlowModel(config, parameters, flow, new StandardNormal());
    }

    /// <summary>
    /// Lets layers that start from data (<see cref="ActNorm"/>) do so with the images x [N, C, H, W]. Only the first call
    /// in a model's life has an effect, before its first training step; a loaded checkpoint remembers it.
    /// </summary>
    public void Initialize(Tensor x)
    {
        if (Flow is IDataInitialized flow)
        {
            using Tape tape = new(Backend, recording: false);
            flow.Initialize(tape.Constant(CheckImages(x)));
        }
    }

    /// <summary>z and the terms of log p(x) for x [N, C, H, W] on a tape.</summary>
    public FlowTerms Forward(Var x, Pass pass) => ForwardNoting(x, pass, note: null);

    /// <summary>The same, telling <paramref name="note"/> the name and the log_det [N] of each step.</summary>
    internal FlowTerms ForwardNoting(Var x, Pass pass, Action<string, Var>? note)
    {
        CheckImages(x.Value);
        (Var z, Var logDet) = Flow.Forward(x, pass, note);
        return new FlowTerms(z, Prior.LogProb(z), logDet);
    }

    /// <summary>
    /// The same for a training step that stores no activations: see <see cref="MemoryMode.Reversible"/>. Values are those
    /// of <see cref="Forward"/> in training; gradients differ by the rounding of the flow's inverse.
    /// </summary>
    public FlowTerms ForwardReversibly(Var x)
    {
        CheckImages(x.Value);
        (Var z, Var logDet) = Reversal.Forward(Flow, x);
        return new FlowTerms(z, Prior.LogProb(z), logDet);
    }

    /// <summary>The forward pass of a training step.</summary>
    internal FlowTerms ForwardInTraining(Var x, MemoryMode memory) => memory == MemoryMode.Reversible ? ForwardReversibly(x) : Forward(x, Pass.Training);

    /// <summary>
    /// log p(x) of each image in evaluation, in nats, [N]: the density of dequantized images, to which
    /// <see cref="Likelihood.BitsPerDim(double, int)"/> adds the width of the pixels' bins.
    /// </summary>
    public Var LogProb(Var x)
    {
        FlowTerms terms = Forward(x, Pass.Evaluation);
        return terms.LogProbZ + terms.LogDet;
    }

    /// <summary>
    /// Bits per dimension of each image of x = (pixel + noise)/256, [N, C, H, W], in evaluation: a bound on the pixels'
    /// exact code length, whose expectation over uniform noise is never below it.
    /// </summary>
    public double[] BitsPerDim(Tensor x)
    {
        using Tape tape = new(Backend, recording: false);
        return Array.ConvertAll(LogProb(tape.Constant(x)).Value.ToDoubles(), logProb => Likelihood.BitsPerDim(logProb, Dimensions));
    }

    /// <summary>z of x [N, C, H, W] in evaluation. The caller disposes it.</summary>
    public Tensor Encode(Tensor x) => Map(CheckImages(x), value => Flow.Forward(value, Pass.Evaluation).Y);

    /// <summary>x of z [N, …], exactly inverting <see cref="Encode"/>. The caller disposes it.</summary>
    public Tensor Decode(Tensor z)
    {
        ShapeRules.Require("Decode", "z", z.Shape, Batch(z.Shape.Rank > 0 ? z.Shape[0] : 0, LatentShape));
        return Map(z, Flow.Inverse);
    }

    /// <summary>
    /// Draws images [count, C, H, W]; pixels are floor(256·x), cut off at 0 and 255. Image number i depends on seed and i
    /// alone. The caller disposes them.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="temperature">The standard deviation of the latent variables: 1 is the model's own, less is more typical.</param>
    /// <param name="seed">Another seed, other images.</param>
    public Tensor Sample(int count, double temperature, ulong seed) => Sample(count, temperature, seed, records: true, out _);

    /// <summary>
    /// The same; the images do not depend on whether a backend that can record a batch does. Says why one that was to did not;
    /// null if it did, or there were too few images to try.
    /// </summary>
    internal Tensor Sample(int count, double temperature, ulong seed, bool records, out string? notRecorded)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegative(temperature);
        Tensor images = Backend.Allocate(Batch(count, ImageShape), "sampled images");
        NoiseKey key = new(seed, NoiseStreams.Sampling);
        using RepeatedWork work = new(Backend, records);

        // Which images are next is in the backend's memory, and so is the row of the batch among those of its size.
        using Tensor first = Backend.Zeros([]), row = Backend.Zeros([]);
        void Draw(Tensor table, int batch)
        {
            using Tensor z = Backend.Allocate(Batch(batch, LatentShape), "latent variables");
            Prior.Sample(z, temperature, key, first);
            using Tensor x = Decode(z);
            Backend.PutRow([x], row, table);
            Backend.ScaleShift(row, 1, 1, row);
            Backend.ScaleShift(first, 1, batch, first);
        }

        int whole = count / SampleBatch, rest = count % SampleBatch, size = checked((int)ImageShape.Count);
        if (whole > 0)
        {
            using Tensor table = images.Section(0, [whole, SampleBatch * size]);
            for (int i = 0; i < whole; i++)
            {
                work.Do(SampleBatch, batch => Draw(table, batch));
            }
        }

        if (rest > 0)
        {
            using Tensor table = images.Section((long)whole * SampleBatch * size, [1, rest * size]);
            Draw(table, rest);
        }

        notRecorded = work.NotRecorded;
        return images;
    }

    /// <summary>Releases the parameters.</summary>
    public void Dispose() => Parameters.Dispose();

    private static Shape Batch(int count, Shape one) => [count, one[0], one[1], one[2]];

    private Tensor CheckImages(Tensor x)
    {
        ShapeRules.Require("FlowModel", "x", x.Shape, Batch(x.Shape.Rank > 0 ? x.Shape[0] : 0, ImageShape));
        return x;
    }

    private Tensor Map(Tensor x, Func<Var, Var> map)
    {
        using Tape tape = new(Backend, recording: false);
        Var y = map(tape.Constant(x));
        return ReferenceEquals(y.Value, x) ? Backend.CopyOf(x) : tape.Detach(y);
    }
}
