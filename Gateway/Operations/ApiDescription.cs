using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;
using RPort.Gateway.Errors;

namespace RPort.Gateway.Operations;

/// <summary>The OpenAPI description at <c>/swagger/v1/swagger.json</c> and the page at <c>/swagger</c>.</summary>
internal static class ApiDescription
{
    public static IServiceCollection AddApiDescription(this IServiceCollection services)
    {
        // Names in the schemas as on the wire.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        });
        services.AddEndpointsApiExplorer();
        services.AddSwaggerGen(swagger =>
        {
            swagger.SwaggerDoc("v1", new OpenApiInfo { Title = "RPort", Version = "v1", Description = "Manage machines behind NAT, and push files to them." });
            swagger.AddSecurityDefinition("bearer", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT", Description = "Token of `/login`." });
            swagger.AddSecurityDefinition("basic", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "basic", Description = "User and password, on any operation." });
            swagger.OperationFilter<CommonAnswers>();
            swagger.OperationFilter<MultipartBody>();
        });
        return services;
    }

    public static void MapApiDescription(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<OperationsOptions>>().Value.Swagger)
        {
            app.UseSwagger();
            app.UseSwaggerUI(page => page.DocumentTitle = "RPort API");
        }
    }

    /// <summary>What every operation can answer, and that it wants credentials.</summary>
    private sealed class CommonAnswers : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            IOpenApiSchema error = context.SchemaGenerator.GenerateSchema(typeof(ErrorBody), context.SchemaRepository);
            Add(operation, 423, "The caller's address is banned after too many failed log-ins.", error);
            Add(operation, 500, "Something broke; the server's log has more under the request id of the answer.", error);
            IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
            if (!metadata.OfType<IAuthorizeData>().Any() || metadata.OfType<IAllowAnonymous>().Any())
            {
                return;
            }

            Add(operation, 401, "No, wrong or outlived credentials.", error);
            Add(operation, 429, "The user has to wait a moment after a failed log-in.", error);
            operation.Security = [Requirement("bearer", context.Document), Requirement("basic", context.Document)];
        }

        private static OpenApiSecurityRequirement Requirement(string scheme, OpenApiDocument document) =>
            new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };

        private static void Add(OpenApiOperation operation, int status, string description, IOpenApiSchema error)
        {
            operation.Responses ??= [];
            operation.Responses.TryAdd($"{status}", new OpenApiResponse
            {
                Description = description,
                Content = new Dictionary<string, IOpenApiMediaType> { ["application/json"] = new OpenApiMediaType { Schema = error } },
            });
        }
    }

    /// <summary>The fields of a form that is read as a stream, which the explorer cannot see.</summary>
    private sealed class MultipartBody : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            MultipartField[] fields = [.. context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<MultipartField>()];
            if (fields.Length == 0)
            {
                return;
            }

            var form = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = fields.Where(f => f.Required).Select(f => f.Name).ToHashSet(),
                Properties = fields.ToDictionary(f => f.Name, f => f.Schema()),
            };
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, IOpenApiMediaType> { ["multipart/form-data"] = new OpenApiMediaType { Schema = form } },
            };
        }
    }
}
