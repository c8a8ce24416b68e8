namespace TinyFlow.Nvp.Models;

/// <summary>Collects what is wrong with settings, so that the user hears it all at once.</summary>
internal sealed class Problems(string title)
{
    private readonly List<string> _found = [];

    public void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            _found.Add(otherwise);
        }
    }

    public void ThrowIfAny()
    {
        if (_found.Count > 0)
        {
            throw new ArgumentException($"{title}: {string.Join("; ", _found)}.");
        }
    }
}
