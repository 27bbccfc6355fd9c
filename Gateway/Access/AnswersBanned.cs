namespace RPort.Gateway.Access;

/// <summary>Marks an operation that banned addresses may call as well: whoever watches over this process must not take it for dead after somebody's wrong guesses.</summary>
internal sealed class AnswersBanned
{
    public static AnswersBanned Mark { get; } = new();
}
