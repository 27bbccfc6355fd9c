using Microsoft.OpenApi;

namespace RPort.Gateway.Operations;

/// <summary>Endpoint metadata: one parameter of the query, which is read by hand, for the API's description.</summary>
internal sealed record QueryField(string Name, string Description, JsonSchemaType Type = JsonSchemaType.String)
{
    public IOpenApiParameter Parameter() => new OpenApiParameter
    {
        Name = Name,
        In = ParameterLocation.Query,
        Description = Description,
        Schema = new OpenApiSchema { Type = Type },
    };
}
