using TinyFlow.Cli;

return Application.Run(args);
