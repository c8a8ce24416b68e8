using System.Runtime.CompilerServices;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>A range cut into the fewest parts of at most a given length, the longer ones first: each its start and its length.</summary>
internal struct EvenParts
{
    private readonly int _length, _count;
    private int _longer, _part, _start, _next;

    public EvenParts(int total, int largest)
    {
        _count = Parts.Count(total, largest);
        (_length, _longer) = _count == 0 ? default : Math.DivRem(total, _count);
    }

    public readonly (int Start, int Length) Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_start, _next - _start);
    }

    public readonly EvenParts GetEnumerator() => this;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MoveNext()
    {
        _start = _next;
        _next += _longer-- > 0 ? _length + 1 : _length;
        return _part++ < _count;
    }
}
