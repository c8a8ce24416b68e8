using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Tests.Nvp;

/// <summary>Repeats what a golden file of a published system records, and compares each number.</summary>
internal abstract class GoldenParity(GoldenFile golden, Preset preset)
{
    // A bias right before a batch norm has a true gradient of 0, of which Adam makes a move of the size of the
    // learning rate in the direction of the rounding error: below this fraction of the gradient's norm there is
    // nothing to compare in float32.
    private const double VanishingGradient = 1e-7;

    /// <summary>The settings of the file's model, by the sizes that it gives.</summary>
    public ModelConfig Config => preset.Model;

    protected TrainingConfig Training => preset.Training;

    protected GoldenFile Golden => golden;

    public static GoldenParity Of(GoldenFile golden) => golden.System switch
    {
        "notebook" => new NotebookParity(golden),
        "bjlkeng" => new BjlkengParity(golden),
        "paper" => new PaperParity(golden),
        _ => throw new NotSupportedException($"The system '{golden.System}' is not known. Known ones: notebook, bjlkeng, paper."),
    };

    /// <summary>Compares on a backend.</summary>
    public Parity Compare(IBackend backend, double tolerance)
    {
        Parity parity = new(tolerance);
        using FlowModel model = FlowModel.Create(Config, backend, seed: 0);
        model.Parameters.Import(golden.Under("init."));
        Compare(model, parity);
        return parity;
    }

    protected static bool IsFloat32(FlowModel model) => model.Backend.ElementSize < sizeof(double);

    /// <summary>A preset with the image shape of a file's pixels.</summary>
    protected static Preset Sized(Preset preset, GoldenFile golden, Func<ModelConfig, ModelConfig> sizes)
    {
        Shape pixels = golden.Shape("input.pixels");
        return preset with { Model = sizes(preset.Model with { Channels = pixels[1], Height = pixels[2], Width = pixels[3] }) };
    }

    /// <summary>Compares everything that the file records, starting from its initial parameters.</summary>
    protected abstract void Compare(FlowModel model, Parity parity);

    /// <summary>
    /// Takes training steps as the file does; in float32, updates are compared one at a time, from the golden state before
    /// each.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="parity">Where comparisons go.</param>
    /// <param name="steps">How many.</param>
    /// <param name="forwardAndBackward">A step's forward and backward pass, with the comparisons of its values.</param>
    protected void CompareSteps(FlowModel model, Parity parity, int steps, Action<int> forwardAndBackward)
    {
        bool isFloat32 = IsFloat32(model);
        using AdamOptimizer optimizer = new(model.Parameters, Training);
        for (int step = 0; step < steps; step++)
        {
            forwardAndBackward(step);
            Dictionary<string, double[]> gradients = CompareGradients(model, step, parity);
            optimizer.Step();
            double norm = Math.Sqrt(optimizer.SquaredGradientNorm.Item());
            if (golden.Has($"step{step}.grad_norm"))
            {
                parity.Check($"step{step}.grad_norm", golden.Scalar($"step{step}.grad_norm"), norm);
            }

            CompareState(model, step, parity, isFloat32 ? name => gradients.GetValueOrDefault(name) : _ => null, VanishingGradient * norm);
            if (isFloat32)
            {
                model.Parameters.Import(golden.Under($"step{step}.after."));
            }
        }
    }

    /// <summary>
    /// Compares the gradients that a file has of a step, by the largest of them times an allowance, and returns all of
    /// them.
    /// </summary>
    protected Dictionary<string, double[]> CompareGradients(FlowModel model, int step, Parity parity, double allowance = 1)
    {
        Dictionary<string, double[]> gradients = model.Parameters.Parameters.ToDictionary(p => p.Name, p => p.Gradient.ToDoubles());
        IReadOnlyList<NamedArray> expected = golden.Under($"step{step}.grad.");
        double largest = expected.SelectMany(gradient => gradient.Values).Select(Math.Abs).DefaultIfEmpty().Max();
        foreach (NamedArray gradient in expected)
        {
            parity.Check($"step{step}.grad.{gradient.Name}", gradient.Values, gradients[gradient.Name], largest * allowance);
        }

        return gradients;
    }

    /// <summary>
    /// Compares parameters and running statistics after a step, but for elements whose gradient is as good as 0: in this
    /// step as found, or in the first as recorded in float64, since a gradient that is 0 by the model's structure is so in
    /// every step, while its rounding error in float32 may exceed any threshold once.
    /// </summary>
    protected void CompareState(FlowModel model, int step, Parity parity, Func<string, double[]?> gradientOf, double threshold)
    {
        Dictionary<string, double[]> found = model.Parameters.Export().ToDictionary(array => array.Name, array => array.Values);
        foreach (NamedArray expected in golden.Under($"step{step}.after.").Where(array => found.ContainsKey(array.Name)))
        {
            string recorded = $"step0.grad.{expected.Name}";
            double[]? gradient = gradientOf(expected.Name), first = golden.Has(recorded) ? golden[recorded] : null;
            parity.Check(
                $"step{step}.after.{expected.Name}", expected.Values, found[expected.Name],
                isSkipped: i => gradient is not null && (Math.Abs(gradient[i]) < threshold || (first is not null && Math.Abs(first[i]) < threshold)));
        }
    }

    /// <summary>The images that evaluation uses, the last ones. The caller disposes them.</summary>
    protected Tensor EvaluationImages(IBackend backend)
    {
        int images = golden.Shape("input.pixels")[0], count = golden.Shape("eval.z")[0];
        return golden.Images(backend, images - count, count);
    }
}
