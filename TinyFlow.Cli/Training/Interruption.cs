using System.Runtime.InteropServices;

namespace TinyFlow.Cli.Training;

/// <summary>Ctrl-C (or SIGTERM) asks to stop in good order; a second one quits at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Interruption(Action onFirst, Action onSecond)
    {
        void Handle(PosixSignalContext context)
        {
            context.Cancel = true;
            if (_source.IsCancellationRequested)
            {
                onSecond();
                Environment.Exit(ExitCode.Interrupted);
            }

            _source.Cancel();
            onFirst();
        }

        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }
}
