package dev.freshet.write.menu;

import dev.freshet.protocol.ProblemCode;
import dev.freshet.write.command.Command;
import dev.freshet.write.command.CommandPath;
import dev.freshet.write.command.Outcome;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.util.UriUtils;

/** What can be done to the menu. */
public final class MenuCommands {

  private MenuCommands() {}

  public static RouterFunction<ServerResponse> routes(CommandPath path) {
    return RouterFunctions.route()
        .PUT("/menu/{sku}", path.withBody("put-menu-item", MenuCommands::put))
        .DELETE("/menu/{sku}", path.withoutBody("delete-menu-item", MenuCommands::delete))
        .build();
  }

  private static Outcome put(JdbcClient db, Command.Input input) {
    String sku = input.path("sku");
    String name = input.body().get("name").stringValue();
    BigDecimal price = input.body().get("price").decimalValue();
    boolean available = input.body().get("available").booleanValue();
    boolean isNew = new MenuStore(db).put(sku, name, price, available);
    Map<String, Object> dish = new LinkedHashMap<>();
    dish.put("sku", sku);
    dish.put("name", name);
    dish.put("price", price);
    dish.put("available", available);
    return isNew
        ? new Outcome.Done(201, dish, null, "/menu/" + pathSegment(sku))
        : new Outcome.Done(200, dish, null, null);
  }

  private static Outcome delete(JdbcClient db, Command.Input input) {
    String sku = input.path("sku");
    MenuStore menu = new MenuStore(db);
    if (!menu.lock(sku)) {
      return Outcome.Refused.of(ProblemCode.NOT_FOUND, "The menu has no dish '%s'.".formatted(sku));
    }
    long openOrders = menu.openOrders(sku);
    if (openOrders > 0) {
      return Outcome.Refused.of(
          ProblemCode.CONFLICT,
          "%d open order(s) have '%s'. Serve or cancel them first, or make the dish unavailable."
              .formatted(openOrders, sku));
    }
    menu.delete(sku);
    return Outcome.Done.nothingToSay();
  }

  private static String pathSegment(String text) {
    return UriUtils.encodePathSegment(text, StandardCharsets.UTF_8);
  }
}
