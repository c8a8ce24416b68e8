namespace TinyFlow.Pointwise;

/// <summary>
/// One bin of a monotone rational-quadratic spline (Gregory and Delbourgo 1982; Durkan et al. 2019, section 3.1) at one
/// place: the fraction θ of the bin's width is mapped to the fraction N/D of its height, with t = 1 − θ,
/// N = s·θ² + d₀·θt and D = s·(θ² + t²) + (d₀ + d₁)·θt, where s is height over width, and d₀ and d₁ are the derivatives at the
/// bin's ends. All sums but those of gradients are of terms that are not negative, so that nothing cancels.
/// </summary>
internal readonly struct RationalQuadratic<T> where T : struct, IReal<T>
{
    private readonly T _slope, _first, _second, _rest, _product, _numerator, _denominator, _quadratic;

    /// <summary>The curve of a bin with height over width <paramref name="slope"/> and derivatives at its ends, at θ on [0, 1].</summary>
    public RationalQuadratic(T slope, T first, T second, T theta)
    {
        (_slope, _first, _second, Theta) = (slope, first, second, theta);
        _rest = T.Create(1) - theta;
        _product = theta * _rest;
        T square = theta * theta, restSquare = _rest * _rest;
        _numerator = T.MultiplyAdd(slope, square, first * _product);
        _denominator = T.MultiplyAdd(slope, square + restSquare, (first + second) * _product);
        _quadratic = T.MultiplyAdd(second, square, T.MultiplyAdd(T.Create(2) * slope, _product, first * restSquare));
    }

    /// <summary>θ.</summary>
    public T Theta { get; }

    /// <summary>N/D.</summary>
    public T Value() => _numerator / _denominator;

    /// <summary>log ∂y/∂x = log(Q·s²/D²), Q = d₁·θ² + 2s·θt + d₀·t² (equation 5).</summary>
    public T LogSlope()
    {
        // In this order the product overflows only where the slope itself does.
        T ratio = _slope / _denominator;
        return T.Log(_quadratic * ratio * ratio);
    }

    /// <summary>From the gradients with respect to <see cref="Value"/> and <see cref="LogSlope"/> to those with respect to θ, s, d₀ and d₁.</summary>
    public void Gradient(T dvalue, T dlogSlope, out T dtheta, out T dslope, out T dfirst, out T dsecond)
    {
        T one = T.Create(1), two = T.Create(2), square = Theta * Theta, restSquare = _rest * _rest;
        T byDenominator = one / _denominator, byQuadratic = one / _quadratic, ends = _first + _second;
        T scaled = dvalue * byDenominator * byDenominator, logScaled = dlogSlope * byDenominator, logByQuadratic = dlogSlope * byQuadratic;
        T twist = two * (_second * Theta - _first * _rest + _slope * (_rest - Theta)), bend = (ends - two * _slope) * (_rest - Theta);
        dtheta = scaled * _slope * _quadratic + logByQuadratic * twist - two * logScaled * bend;
        dslope = _product * (scaled * (_second * square - _first * restSquare) + two * (logScaled * ends / _slope + logByQuadratic));
        dfirst = scaled * _product * (_slope * restSquare + _second * _product) + logByQuadratic * restSquare - two * logScaled * _product;
        dsecond = logByQuadratic * square - scaled * _product * _numerator - two * logScaled * _product;
    }

    /// <summary>
    /// θ of a fraction η of the height, the root of a quadratic equation (equations 6 to 8). With u = 1 − η and q = d₀·u − d₁·η its
    /// discriminant is q² + 4s²·ηu, which is never negative in this form, as b² − 4ac can be once rounded; and each branch
    /// has a quotient of terms that are not negative.
    /// </summary>
    public static T Inverse(T slope, T first, T second, T eta)
    {
        T rest = T.Create(1) - eta, difference = first * rest - second * eta, twice = T.Create(2) * slope, low = twice * eta, high = twice * rest;
        T root = T.Sqrt(T.MultiplyAdd(difference, difference, low * high)) + T.Abs(difference);
        return T.IfPositive(difference, low, root) / (root + T.IfPositive(difference, low, high));
    }
}
