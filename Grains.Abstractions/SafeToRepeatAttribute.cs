namespace RPort.Grains.Abstractions;

/// <summary>
/// Marks a grain call that only reads, or that comes to the same when it is made twice. When the silo that should answer has died, the caller makes it
/// again, and the grain answers on another silo.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SafeToRepeatAttribute : Attribute;
