package dev.freshet.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a benchmark has printed, for programs: every table with the line before it, and a row's
 * cells by their columns; numbers as numbers. What stands between tables is kept as notes.
 */
final class JsonReport {

  private static final Pattern NUMBER = Pattern.compile("-?[0-9][0-9,]*(\\.[0-9]+)?");

  private JsonReport() {}

  /** The report as a text. */
  static String of(String benchmark, String printed) {
    ObjectNode report = JsonNodeFactory.instance.objectNode().put("benchmark", benchmark);
    ArrayNode tables = report.putArray("tables");
    ArrayNode notes = report.putArray("notes");
    String title = "";
    List<String> columns = List.of();
    for (String line : printed.lines().toList()) {
      if (!line.startsWith("|")) {
        columns = List.of();
        if (!line.isBlank()) {
          title = line.strip();
          notes.add(title);
        }
      } else if (columns.isEmpty()) {
        columns = cells(line);
        tables.addObject().put("title", title).putArray("rows");
      } else if (!line.matches("[|\\s:-]+")) {
        ObjectNode row = ((ArrayNode) tables.get(tables.size() - 1).path("rows")).addObject();
        List<String> cells = cells(line);
        for (int i = 0; i < Math.min(cells.size(), columns.size()); i++) {
          put(row, columns.get(i).isEmpty() ? "name" : columns.get(i), cells.get(i));
        }
      }
    }
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(report);
  }

  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>();
    for (String cell : line.replaceAll("^\\||\\|\\s*$", "").split("\\|", -1)) {
      cells.add(cell.strip());
    }
    return cells;
  }

  private static void put(ObjectNode row, String column, String cell) {
    if (NUMBER.matcher(cell).matches()) {
      row.put(column, Double.parseDouble(cell.replace(",", "")));
    } else {
      row.put(column, cell);
    }
  }
}
