package dev.freshet.read.store;

import dev.freshet.read.model.Model;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The laws ask for nothing that SQL alone has. */
class MemoryStoreTest extends ModelStoreLaws {

  @Override
  ModelStore store() {
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("id", "integer");
    columns.put("name", "text");
    columns.put("age", "integer");
    columns.put("member", "boolean");
    return new MemoryStore(
        new Model("people", columns, List.of("id"), Set.of("id"), null, false, false, null), ROWS);
  }
}
