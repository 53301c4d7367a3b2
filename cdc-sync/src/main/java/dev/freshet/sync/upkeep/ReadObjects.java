package dev.freshet.sync.upkeep;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import java.util.List;
import java.util.Map;

/** Brings what the source defines beside its tables into the read database. */
public interface ReadObjects {

  /**
   * Makes types, or brings them into line.
   *
   * @throws SyncRefused when the read database can't have one
   */
  void makeTypes(List<UserType> types);

  /**
   * Makes functions, or brings them into line.
   *
   * @return why some can't be made, by signature
   */
  Map<String, String> makeFunctions(List<UserFunction> functions);
}
