namespace TinyFlow.Cpu.Threads;

/// <summary>
/// How rows of equal length are cut into pieces of work, by their sizes alone: whole rows together where they are
/// short, segments of one row where it is long.
/// </summary>
internal readonly struct Pieces
{
    /// <summary>
    /// The elements of a piece, about 64 KB: enough to take some microseconds, far more than handing a piece over, and
    /// few enough to stay in a core's cache. What fits one piece runs on the caller's thread.
    /// </summary>
    public const int Grain = 1 << 14;

    private readonly long _rows, _length, _rowsPerPiece, _segments, _segmentLength;

    public Pieces(long rows, long length, int grain = Grain)
    {
        (_rows, _length) = (rows, length);
        _segments = Math.Max(1, (length + grain - 1) / grain);
        // Segments begin at multiples of 64 elements, so that aligned rows stay aligned.
        _segmentLength = _segments == 1 ? length : ((length + _segments - 1) / _segments + 63) / 64 * 64;
        _segments = _segmentLength == 0 ? 1 : (length + _segmentLength - 1) / _segmentLength;
        _rowsPerPiece = _segments > 1 ? 1 : Math.Max(1, grain / Math.Max(1, length));
        Count = length == 0 ? 0 : checked((int)((rows + _rowsPerPiece - 1) / _rowsPerPiece * _segments));
    }

    /// <summary>The number of pieces.</summary>
    public int Count { get; }

    /// <summary>In how many segments each row is cut.</summary>
    public int Segments => (int)_segments;

    /// <summary>A piece's rows, and the elements that it takes of each.</summary>
    public void Get(int piece, out long firstRow, out long endRow, out long start, out long end)
    {
        (long group, long segment) = Math.DivRem(piece, _segments);
        firstRow = group * _rowsPerPiece;
        endRow = Math.Min(_rows, firstRow + _rowsPerPiece);
        start = segment * _segmentLength;
        end = Math.Min(_length, start + _segmentLength);
    }
}
