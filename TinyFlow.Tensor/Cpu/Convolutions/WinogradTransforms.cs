using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The linear maps of F(4x4, 3x3) (Lavin and Gray 2016; points 0, ±1, ±2, ∞), one vector of channels at a time:
/// an output tile is Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A of a 6x6 input tile d and a filter g: 36 multiplications instead of 144.
/// The gradients are the adjoint maps: that of the filter is Gᵀ[(A dy Aᵀ) ∘ (Bᵀ d B)]G.
/// A transformed tile is spread over 36 planes, one a multiplication: plane 6·i + j belongs to point i down, point j across.
/// <para>
/// Tiles of 1 to 3 pixels along a side need fewer points there: F(3, 3) does without −2, F(2, 3) without ±2, F(1, 3)
/// without −1 and ±2. Leaving a point q out divides the polynomial of the others by (x − q), so the row of G for point p
/// would grow by (p − q). Here that factor goes into the row of B instead: G, and so the transformed filters, are the same
/// for tiles of all sizes, which simply have no part in the planes of the points that they do without.
/// </para>
/// </summary>
/// <typeparam name="T">The vector registers.</typeparam>
internal static unsafe partial class WinogradTransforms<T> where T : struct, ILanes<T>
{
    /// <summary>The most output pixels along a side of a tile.</summary>
    public const int Tile = WinogradTile.MostSide;

    /// <summary>The most input pixels along a side of a tile; also the number of points.</summary>
    public const int Window = WinogradTile.Points;

    /// <summary>Multiplications of a tile and pair of channels.</summary>
    public const int Planes = Window * Window;
}
