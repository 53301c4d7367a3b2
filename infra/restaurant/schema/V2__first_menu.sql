-- A small menu, so that the first request to a new restaurant has something to answer.
insert into menu_item (sku, name, price, available) values
  ('margherita',  'Pizza Margherita',   8.50, true),
  ('marinara',    'Pizza Marinara',     7.50, true),
  ('quattro',     'Pizza Quattro Formaggi', 10.50, true),
  ('carbonara',   'Spaghetti Carbonara', 11.00, true),
  ('lasagne',     'Lasagne al Forno',   12.00, true),
  ('insalata',    'Insalata Mista',      6.00, true),
  ('tiramisu',    'Tiramisù',            5.50, true),
  ('espresso',    'Espresso',            2.20, true);
