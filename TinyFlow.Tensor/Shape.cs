using System.Collections;
using System.Runtime.CompilerServices;

namespace TinyFlow;

/// <summary>
/// The sizes of a tensor's axes, outermost first, with at most <see cref="MaxRank"/> axes.
/// A shape without axes is a scalar. Written as a collection: <c>Shape images = [64, 1, 28, 28];</c>.
/// </summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IReadOnlyList<int>
{
    /// <summary>The largest number of axes: enough for [N, C, H, 2, W, 2], which a 2x2 squeeze needs.</summary>
    public const int MaxRank = 6;

    private readonly Sizes _sizes;

    private Shape(ReadOnlySpan<int> sizes)
    {
        Rank = sizes.Length;
        Count = 1;
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            _sizes[axis] = sizes[axis];
            Count = checked(Count * sizes[axis]);
        }
    }

    /// <summary>The number of axes.</summary>
    public int Rank { get; }

    // A default-initialised Shape must be the scalar shape [], whose count is 1; hence the value is stored minus one.
    private readonly long _countMinusOne;

    /// <summary>The number of elements: the product of the sizes, 1 for a scalar.</summary>
    public long Count
    {
        get => _countMinusOne + 1;
        private init => _countMinusOne = value - 1;
    }

    int IReadOnlyCollection<int>.Count => Rank;

    /// <summary>The size of an axis; negative numbers count from the end, so that <c>shape[-1]</c> is the innermost.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public int this[int axis] => _sizes[Axis(axis)];

    /// <summary>Makes a shape of the given sizes.</summary>
    /// <exception cref="ArgumentException">More than six axes, or a negative size.</exception>
    public static Shape Create(ReadOnlySpan<int> sizes)
    {
        if (sizes.Length > MaxRank)
        {
            throw new ArgumentException($"Shape: {sizes.Length} axes given; at most {MaxRank} are supported. Merge neighbouring axes with Reshape.");
        }

        foreach (int size in sizes)
        {
            if (size < 0)
            {
                throw new ArgumentException($"Shape: a size of {size} is not possible; sizes are 0 or more.");
            }
        }

        return new Shape(sizes);
    }

    /// <summary>The axis as a number from 0 to Rank − 1, for an axis that may count from the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public int Axis(int axis)
    {
        int found = axis < 0 ? axis + Rank : axis;
        return (uint)found < (uint)Rank
            ? found
            : throw new ArgumentOutOfRangeException(nameof(axis), $"Axis {axis} does not exist in shape {this}, which has {Rank} axes.");
    }

    /// <summary>The same shape with one axis of another size.</summary>
    public Shape With(int axis, int size)
    {
        Span<int> sizes = stackalloc int[Rank];
        CopyTo(sizes);
        sizes[Axis(axis)] = size;
        return Create(sizes);
    }

    /// <summary>The shape with the given axes reduced to size 1; without axes, all of them.</summary>
    public Shape Reduced(params ReadOnlySpan<int> axes)
    {
        Span<int> sizes = stackalloc int[Rank];
        CopyTo(sizes);
        if (axes.IsEmpty)
        {
            sizes.Fill(1);
        }

        foreach (int axis in axes)
        {
            sizes[Axis(axis)] = 1;
        }

        return Create(sizes);
    }

    /// <summary>The shape with axes of size 1 put in front until it has <paramref name="rank"/> axes.</summary>
    public Shape PaddedTo(int rank)
    {
        Span<int> sizes = stackalloc int[Math.Max(rank, Rank)];
        sizes.Fill(1);
        CopyTo(sizes[(sizes.Length - Rank)..]);
        return Create(sizes);
    }

    /// <summary>Writes the sizes into a span of at least <see cref="Rank"/> numbers.</summary>
    public void CopyTo(Span<int> sizes)
    {
        for (int axis = 0; axis < Rank; axis++)
        {
            sizes[axis] = _sizes[axis];
        }
    }

    /// <summary>
    /// The row-major distance, in elements, between neighbours along each axis, with 0 for an axis of size 1
    /// so that it broadcasts. Writes <see cref="Rank"/> numbers.
    /// </summary>
    public void BroadcastStrides(Span<long> strides)
    {
        long stride = 1;
        for (int axis = Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = _sizes[axis] == 1 ? 0 : stride;
            stride *= _sizes[axis];
        }
    }

    /// <summary>The NumPy broadcast of two shapes, or null if they do not fit.</summary>
    public static Shape? Broadcast(Shape a, Shape b)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        Shape left = a.PaddedTo(rank), right = b.PaddedTo(rank);
        Span<int> sizes = stackalloc int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            if (left[axis] != right[axis] && left[axis] != 1 && right[axis] != 1)
            {
                return null;
            }

            sizes[axis] = left[axis] == 1 ? right[axis] : left[axis];
        }

        return Create(sizes);
    }

    /// <inheritdoc/>
    public bool Equals(Shape other)
    {
        if (Rank != other.Rank)
        {
            return false;
        }

        for (int axis = 0; axis < Rank; axis++)
        {
            if (_sizes[axis] != other._sizes[axis])
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        for (int axis = 0; axis < Rank; axis++)
        {
            hash.Add(_sizes[axis]);
        }

        return hash.ToHashCode();
    }

    /// <summary>Same axes, same sizes.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Different in an axis or a size.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>As NumPy writes it in a sentence: <c>[64, 1, 28, 28]</c>, and <c>[]</c> for a scalar.</summary>
    public override string ToString() => $"[{string.Join(", ", this)}]";

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator()
    {
        for (int axis = 0; axis < Rank; axis++)
        {
            yield return _sizes[axis];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    [InlineArray(MaxRank)]
    private struct Sizes
    {
        private int _first;
    }
}
