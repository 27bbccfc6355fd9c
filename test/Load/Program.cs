using RPort.Load;

return await new LoadCommandLine().InvokeAsync(args);
