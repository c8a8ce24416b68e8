using TinyFlow.Cpu.Convolutions;
using TinyFlow.Memory;

namespace TinyFlow;

/// <summary>
/// Channels-last activations. What a wide convolution writes, and what stays within the same values and shape, keeps the
/// channels of a pixel side by side, where kernels of any vector width load them whole. That is a property of the
/// storage: a kernel that needs the elements plainly has them put into plain order first, once; reading them out does not.
/// </summary>
public sealed unsafe partial class CpuBackend
{
    // From half a vector of 256 bits on it pays to keep the channels of a pixel together.
    private const int FewestChannelsLast = 5;

    /// <summary>Set by tests: records the channels and pixels of images that change layout. Few channels, which are held plainly, are not noted.</summary>
    internal HashSet<(int Channels, int Pixels)>? Conversions { get; set; }

    /// <inheritdoc/>
    internal override void MakePlain(HostStorage<float> storage)
    {
        // The block that the elements leave may be handed out again at once: no other thread may be using the tensor,
        // which is why a backend's tensors belong to one thread at a time.
        HostLayout layout = storage.Layout;
        NoteConversion(layout.Channels, layout.Pixels);
        long bytes = storage.Count * sizeof(float);
        nint block = Pool.Rent(bytes, storage.Label);
        int images = (int)(storage.Count / ((long)layout.Channels * layout.Pixels));
        LayoutCopy copy = new(
            new ActivationView((float*)storage.Address, layout.Channels, layout.Pixels, channelsLast: true),
            new ActivationView((float*)block, layout.Channels, layout.Pixels, channelsLast: false),
            images, layout.Channels, layout.Pixels);
        _workers.Run(copy.Pieces, copy);
        Pool.Return(storage.MoveTo(block), bytes);
    }

    private void NoteConversion(int channels, int pixels) => Conversions?.Add((channels, pixels));

    // Whatever the kernel does with them: all but the direct ones for a few channels put them into another order first.
    private void NoteConversion(ActivationView operand, int channels, int pixels)
    {
        if (!operand.IsChannelsLast && channels >= FewestChannelsLast)
        {
            NoteConversion(channels, pixels);
        }
    }

    /// <summary>Whether a tensor [N, C, H, W] is held channels last.</summary>
    private static bool IsChannelsLast(Tensor x)
    {
        HostStorage<float> storage = StorageOf(x);
        return !storage.Layout.IsPlain && CoversStorage(x) && x.Shape.Rank == 4 && storage.Layout == HostLayout.ChannelsLast(x.Shape);
    }

    /// <summary>
    /// Whether an elementwise op may run over its elements as they are held: operands and result of one shape, all channels
    /// last. A result that is overwritten is held so from then on.
    /// </summary>
    private static bool StaysChannelsLast(Sink y, params ReadOnlySpan<Tensor> operands)
    {
        if (y.Tensor is not { } result || (y.Adds ? !IsChannelsLast(result) : !CoversStorage(result)))
        {
            return false;
        }

        foreach (Tensor operand in operands)
        {
            if (operand.Shape != result.Shape || !IsChannelsLast(operand))
            {
                return false;
            }
        }

        if (!y.Adds)
        {
            StorageOf(result).SetLayout(HostLayout.ChannelsLast(result.Shape));
        }

        return true;
    }

    /// <summary>The elements of a tensor that has its storage to itself, in the order in which they are held.</summary>
    private static float* Held(Tensor x) => (float*)StorageOf(x).Address;

    /// <summary>Images to read, in the layout in which they are held.</summary>
    private static ActivationView Activations(Tensor x) => IsChannelsLast(x)
        ? View(x, (float*)StorageOf(x).Address, channelsLast: true)
        : View(x, Pointer(x), channelsLast: false);

    /// <summary>Images to write: in the layout in which they are held if the result is added, else channels last if that pays.</summary>
    private static ActivationView Activations(Sink y)
    {
        Tensor tensor = y.Tensor!;
        return y.Adds ? Activations(tensor) : Overwritten(tensor, channelsLast: tensor.Shape[1] >= FewestChannelsLast);
    }

    /// <summary>Images that are about to be overwritten, channels last if wanted and if the tensor has its storage to itself.</summary>
    private static ActivationView Overwritten(Tensor y, bool channelsLast)
    {
        if (!CoversStorage(y))
        {
            return View(y, Pointer(y), channelsLast: false);
        }

        HostStorage<float> storage = StorageOf(y);
        storage.SetLayout(channelsLast ? HostLayout.ChannelsLast(y.Shape) : HostLayout.Plain);
        return View(y, (float*)storage.Address, channelsLast);
    }

    private static ActivationView View(Tensor x, float* data, bool channelsLast) => new(data, x.Shape[1], x.Shape[2] * x.Shape[3], channelsLast);

    private static bool CoversStorage(Tensor x) => x.Offset == 0 && x.Count == StorageOf(x).Count;
}
