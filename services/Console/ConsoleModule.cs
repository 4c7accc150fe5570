namespace TokenLedger.Console;

/// <summary>Console: a page that shows the pools. It talks to the API with the key its reader enters, and keeps that key in the browser's session only.</summary>
public static class ConsoleModule
{
    public static void MapConsole(this IEndpointRouteBuilder routes) => routes.MapGet("/", Show).ExcludeFromDescription();

    private static IResult Show(HttpContext http)
    {
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
        return TypedResults.Stream(typeof(ConsoleModule).Assembly.GetManifestResourceStream("TokenLedger.Console.Page.index.html")!, "text/html; charset=utf-8");
    }
}
