namespace RPort.Gateway.Errors;

/// <summary>One thing that went wrong, as callers see it.</summary>
/// <param name="Code">A name programs can test for; mostly empty.</param>
/// <param name="Title">What went wrong.</param>
/// <param name="Detail">More of it; may be empty.</param>
internal sealed record ApiError(string Code, string Title, string Detail);

/// <summary>The body of every failure.</summary>
internal sealed record ErrorBody(IReadOnlyList<ApiError> Errors);
