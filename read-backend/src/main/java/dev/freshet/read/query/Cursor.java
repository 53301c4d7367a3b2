package dev.freshet.read.query;

import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Model;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/**
 * How a {@link Seek} travels: a JSON array of a check sum and the values, in base64url (RFC 4648,
 * 5), which has no dot. The check sum is of the model and the order, for which alone it is good.
 */
public final class Cursor {

  private static final JsonMapper JSON = new JsonMapper();

  private Cursor() {}

  /**
   * The place of a row.
   *
   * @param values the row's, one for each member of the query's order; empty for null
   */
  public static String of(Model model, ModelQuery query, List<Optional<String>> values) {
    ArrayNode array = JSON.createArrayNode();
    array.add(checkSum(model, query.order()));
    values.forEach(value -> array.add(value.orElse(null)));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(JSON.writeValueAsBytes(array));
  }

  /** Reads what {@link #of} wrote. */
  static Seek read(Model model, List<ModelQuery.Order> order, String parameter, String cursor) {
    JsonNode array = array(parameter, cursor);
    if (array.size() != order.size() + 1
        || !array.get(0).isIntegralNumber()
        || array.get(0).longValue() != checkSum(model, order)) {
      throw refusal(parameter, "this cursor is of another model or another order");
    }
    List<Optional<String>> values = new ArrayList<>();
    for (int i = 1; i < array.size(); i++) {
      JsonNode value = array.get(i);
      if (!value.isNull() && !value.isString()) {
        throw refusal(parameter, "this is no cursor");
      }
      values.add(value.isNull() ? Optional.empty() : Optional.of(value.stringValue()));
    }
    return new Seek(parameter.equals("before"), values);
  }

  private static JsonNode array(String parameter, String cursor) {
    try {
      JsonNode array = JSON.readTree(Base64.getUrlDecoder().decode(cursor));
      if (array.isArray()) {
        return array;
      }
    } catch (JacksonException | IllegalArgumentException e) {
      // As if it were another thing than an array.
    }
    throw refusal(parameter, "this is no cursor");
  }

  private static Refusal refusal(String parameter, String what) {
    return new Refusal(
        ProblemCode.BAD_VALUE,
        "%s: %s. Follow the Link of an answer, with all else of the query as it was."
            .formatted(parameter, what));
  }

  private static long checkSum(Model model, List<ModelQuery.Order> order) {
    CRC32C sum = new CRC32C();
    sum.update((model.name() + order).getBytes(StandardCharsets.UTF_8));
    return sum.getValue();
  }
}
