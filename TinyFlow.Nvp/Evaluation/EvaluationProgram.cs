using TinyFlow.Autograd;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Evaluation;

/// <summary>
/// The evaluation of a batch as work of the backend alone: which images, and with which draw of noise, it reads from a table in
/// the backend's memory, and log-likelihoods it leaves in another. So a backend that can record work records a batch once and
/// repeats it, and the host looks at many batches at once.
/// </summary>
internal sealed class EvaluationProgram : IDisposable
{
    // Batches that are done before the host looks at them: their table is small, and the look costs nothing.
    private const int MostAhead = 32;

    // The columns of the table of what changes from batch to batch.
    private const int FirstImage = 0, Draw = 1, Inputs = 2;

    private readonly FlowModel _model;
    private readonly ImageSet _images;
    private readonly NoiseKey _key;
    private readonly PixelStore _pixels;
    private readonly Tensor _order, _inputs, _now, _row, _outcomes, _first, _draw;
    private readonly RepeatedWork _work;
    private readonly double[] _inputsOnHost;

    /// <summary>For images of a set.</summary>
    /// <param name="model">What they are evaluated by.</param>
    /// <param name="images">The set.</param>
    /// <param name="batchSize">The most that are evaluated together.</param>
    /// <param name="seed">Of the noise.</param>
    /// <param name="records">Whether a backend that can record a batch does.</param>
    public EvaluationProgram(FlowModel model, ImageSet images, int batchSize, ulong seed, bool records)
    {
        IBackend backend = model.Backend;
        (_model, _images) = (model, images);
        _key = new NoiseKey(seed, NoiseStreams.Evaluation(0));
        _work = new RepeatedWork(backend, records);
        BatchesAhead = _work.IsRecorded ? MostAhead : 1;
        _pixels = backend.Store(images.Memory, images.Dimensions);
        _order = backend.Create([images.Count], [.. Enumerable.Range(0, images.Count).Select(number => (double)number)]);
        _inputs = backend.Zeros([BatchesAhead, Inputs]);
        _now = backend.Zeros([Inputs]);
        _row = backend.Zeros([]);
        _outcomes = backend.Zeros([BatchesAhead, 2 * Math.Min(batchSize, images.Count)]);
        (_first, _draw) = (_now.Section(FirstImage, []), _now.Section(Draw, []));
        _inputsOnHost = new double[BatchesAhead * Inputs];
    }

    /// <summary>The most batches that <see cref="LogProb"/> takes at once.</summary>
    public int BatchesAhead { get; }

    /// <summary>Why a backend that records does not record these batches; null if it does, or has not tried yet.</summary>
    public string? NotRecorded => _work.NotRecorded;

    /// <summary>The dequantized images of a batch. The caller disposes them.</summary>
    public Tensor Images(EvaluationBatch batch)
    {
        Plan([batch]);
        _model.Backend.TakeRow(_inputs, _row, _now);
        return Dequantized(batch.Count);
    }

    /// <summary>log p(x) of each image of each batch, in nats; the batches are of one size.</summary>
    public double[][] LogProb(IReadOnlyList<EvaluationBatch> batches)
    {
        int images = batches[0].Count;
        Plan(batches);
        for (int i = 0; i < batches.Count; i++)
        {
            _work.Do(images, Evaluate);
        }

        using Tensor outcomes = _outcomes.Section(0, [batches.Count, 2, images]);
        double[] values = outcomes.ToDoubles();
        return
        [
            .. values.Chunk(2 * images).Select(row => row.Take(images).Zip(row.Skip(images), (logProbZ, logDet) => logProbZ + logDet).ToArray()),
        ];
    }

    /// <summary>Releases tables and recordings; the model is the caller's.</summary>
    public void Dispose()
    {
        foreach (IDisposable held in (ReadOnlySpan<IDisposable>)[_work, _first, _draw, _pixels, _order, _inputs, _now, _row, _outcomes])
        {
            held.Dispose();
        }
    }

    private void Plan(IReadOnlyList<EvaluationBatch> batches)
    {
        for (int i = 0; i < batches.Count; i++)
        {
            (_inputsOnHost[i * Inputs + FirstImage], _inputsOnHost[i * Inputs + Draw]) = (batches[i].First, batches[i].Draw);
        }

        _model.Backend.Write(_inputsOnHost, _inputs);
        _model.Backend.Fill(_row, 0);
    }

    private void Evaluate(int images)
    {
        IBackend backend = _model.Backend;
        backend.TakeRow(_inputs, _row, _now);
        using Tensor x = Dequantized(images);
        using Tape tape = new(backend, recording: false);
        FlowTerms terms = _model.Forward(tape.Constant(x), Pass.Evaluation);
        using Tensor table = _outcomes.Section(0, [BatchesAhead, 2 * images]);
        backend.PutRow([terms.LogProbZ.Value, terms.LogDet.Value], _row, table);
        backend.ScaleShift(_row, 1, 1, _row);
    }

    private Tensor Dequantized(int count)
    {
        Tensor x = _model.Backend.Allocate([count, _images.Channels, _images.Height, _images.Width], "images to evaluate");
        _model.Backend.Dequantize(_pixels, _order, _first, _draw, _key, x);
        return x;
    }
}
