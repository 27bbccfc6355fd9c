namespace RPort.Load;

/// <summary>The measurement cannot be made; the message is for the one who started it.</summary>
internal sealed class LoadException(string message) : Exception(message);
