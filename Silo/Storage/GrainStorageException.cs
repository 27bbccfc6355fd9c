using Orleans.Runtime;

namespace RPort.Silo.Storage;

/// <summary>Grain state could not be read or written; the message says what is wrong with the storage, for the person who runs it.</summary>
public sealed class GrainStorageException(string message, Exception? inner) : OrleansException(message, inner!);
