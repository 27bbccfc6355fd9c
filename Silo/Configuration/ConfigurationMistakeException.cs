namespace RPort.Silo.Configuration;

/// <summary>The configuration cannot be used; the message is for the person who wrote it.</summary>
public sealed class ConfigurationMistakeException(string message) : Exception(message);
