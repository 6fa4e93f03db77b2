//! Stands for the crates clap, serde and strum, of which AWDIT's library only derives what its own program
//! uses: here the derived code is empty.

use proc_macro::TokenStream;

#[proc_macro_derive(ValueEnum, attributes(clap, value))]
pub fn value_enum(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

#[proc_macro_derive(Serialize, attributes(serde))]
pub fn serialize(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

#[proc_macro_derive(Display, attributes(strum))]
pub fn display(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
