using System.Text;

namespace TinyFlow;

/// <summary>
/// Prints tensors as NumPy 2's <c>str</c> does with its default options: as many of at most 8 decimals as the numbers
/// need, aligned; scientific where they are large, small or of very different size; the middle left out above 1000
/// elements.
/// </summary>
internal static class NumpyText
{
    private const int Threshold = 1000, EdgeItems = 3, LineWidth = 75;

    public static string Format(Tensor x)
    {
        double[] values = x.ToDoubles();
        bool isSingle = x.Backend.ElementSize == sizeof(float);
        if (x.Shape.Rank == 0)
        {
            return NumpyNumbers.Scalar(values[0], isSingle);
        }

        if (x.Count == 0)
        {
            return "[]";
        }

        bool summarizes = x.Count > Threshold;
        int[] shown = [.. Shown(x.Shape, summarizes)];
        string[] words = NumpyNumbers.Align([.. shown.Select(i => values[i])], isSingle);
        return new Layout(x.Shape, summarizes, words).Lines(axis: 0, hangingIndent: " ", LineWidth);
    }

    /// <summary>The positions of the elements that are printed, in order: the first and last three of each long axis.</summary>
    private static IEnumerable<int> Shown(Shape shape, bool summarizes)
    {
        IEnumerable<int> positions = [0];
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            int size = shape[axis];
            int[] indices = summarizes && size > 2 * EdgeItems
                ? [.. Enumerable.Range(0, EdgeItems), .. Enumerable.Range(size - EdgeItems, EdgeItems)]
                : [.. Enumerable.Range(0, size)];
            positions = positions.SelectMany(position => indices.Select(index => position * size + index));
        }

        return positions;
    }

    /// <summary>Takes the words of the printed elements one by one and puts brackets and line breaks around them.</summary>
    private sealed class Layout(Shape shape, bool summarizes, string[] words)
    {
        private int _next;

        public string Lines(int axis, string hangingIndent, int width)
        {
            bool leavesOut = summarizes && shape[axis] > 2 * EdgeItems;
            int items = leavesOut ? 2 * EdgeItems : shape[axis];
            return axis == shape.Rank - 1 ? Row(items, leavesOut, hangingIndent, width) : Rows(axis, items, leavesOut, hangingIndent, width);
        }

        /// <summary>The innermost axis: words, wrapped where the line is full.</summary>
        private string Row(int items, bool leavesOut, string hangingIndent, int width)
        {
            StringBuilder done = new();
            string line = hangingIndent;
            void Append(string word)
            {
                // Room is kept for the closing bracket. A line that holds nothing yet cannot get shorter.
                if (line.Length + word.Length > width - 1 && line.Length > hangingIndent.Length)
                {
                    done.Append(line.TrimEnd()).Append('\n');
                    line = hangingIndent;
                }

                line += word;
            }

            for (int i = 0; i < items; i++)
            {
                if (leavesOut && i == EdgeItems)
                {
                    Append("...");
                    line += " ";
                }

                Append(words[_next++]);
                line += i < items - 1 ? " " : "";
            }

            done.Append(line);
            return $"[{done.ToString()[hangingIndent.Length..]}]";
        }

        /// <summary>An outer axis: what lies within, separated by as many line breaks as there are axes inside.</summary>
        private string Rows(int axis, int items, bool leavesOut, string hangingIndent, int width)
        {
            List<string> parts = [];
            for (int i = 0; i < items; i++)
            {
                if (leavesOut && i == EdgeItems)
                {
                    parts.Add("...");
                }

                parts.Add(Lines(axis + 1, hangingIndent + " ", width - 1));
            }

            return $"[{string.Join(new string('\n', shape.Rank - axis - 1) + hangingIndent, parts)}]";
        }
    }
}
