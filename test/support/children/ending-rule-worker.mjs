// A parser that ends before anybody asks it anything.
process.exit(4);
