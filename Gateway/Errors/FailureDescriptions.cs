namespace RPort.Gateway.Errors;

internal static class FailureDescriptions
{
    /// <summary>Describes the failures of an operation; 401, 423, 429 and 500, which every operation can answer, are added to all at once.</summary>
    public static RouteHandlerBuilder Fails(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (int status in statuses)
        {
            endpoint.Produces<ErrorBody>(status);
        }

        return endpoint;
    }
}
