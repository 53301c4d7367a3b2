package dev.freshet.sync.log;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.SourceSchema;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import dev.freshet.sync.source.UserView;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The schema that holds where the copy is, each time that it is asked. */
record LogSchema(LogSources sources) implements SourceSchema {

  @Override
  public SchemaImage image() {
    return sources.state().schema();
  }

  @Override
  public String version() {
    return image().version();
  }

  @Override
  public Optional<SourceTable> find(TableName name) {
    return image().find(name);
  }

  @Override
  public List<UserType> userTypes(Set<Long> tables) {
    return image().userTypes(tables);
  }

  @Override
  public List<UserFunction> functions(Set<String> names) {
    return image().functions(names);
  }

  @Override
  public List<UserType.Extension> extensions(Set<String> names) {
    return image().extensions(names);
  }

  @Override
  public List<UserView> views(Set<String> names) {
    return image().views(names);
  }

  @Override
  public List<UserView> partitionsWithinOthers(Collection<TableName> tables) {
    return image().partitionsWithinOthers(tables);
  }

  @Override
  public Set<TableName> named(Set<String> names) {
    return image().named(names);
  }

  @Override
  public void requireAnswerable(String model, String select) {
    image().requireAnswerable(model, select);
  }
}
