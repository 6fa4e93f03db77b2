;; Checks EDN histories with Knossos's public functions and prints a line for each file and pass:
;; PASS VERDICT CHECK_NS PARSE_NS PATH. Called with MODEL PASSES FILE..., the model being cas-register:INITIAL; the
;; first pass is on a cold JVM.

(ns driver
  (:require [clojure.string :as str]
            [knossos.cli :as cli]
            [knossos.competition :as competition]
            [knossos.model :as model]))

(defn make-model [text]
  (let [[model-name initial] (str/split text #":")]
    (assert (= model-name "cas-register") "only cas-register")
    (if initial (model/cas-register (parse-long initial)) (model/cas-register))))

(defn verdict [analysis]
  (case (:valid? analysis)
    true "valid"
    false "invalid"
    "unknown"))

(defn timed [work]
  (let [begin (System/nanoTime)
        result (work)]
    [result (- (System/nanoTime) begin)]))

(let [[model-text passes & files] *command-line-args*
      start (make-model model-text)
      histories (mapv (fn [file] (timed #(cli/read-history file))) files)]
  (dotimes [pass (parse-long passes)]
    (doseq [[file [history parse-ns]] (map vector files histories)]
      (let [[analysis check-ns] (timed #(competition/analysis start history {:time-limit 60000}))]
        (println pass (verdict analysis) check-ns parse-ns file))))
  (flush)
  (System/exit 0))
