;; Stands for a library that Debian has not, and that Knossos's unordered queue alone uses.
(ns multiset.core)

(defn multiset [& _]
  (throw (UnsupportedOperationException. "unordered queues are not supported here")))
