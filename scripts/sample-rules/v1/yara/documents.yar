rule Sample_Document_Remote_Template : document sample {
    meta:
        description = "Word document that pulls its template from elsewhere"
        author = "Rulemint sample rules"
    strings:
        $relationship = "attachedTemplate" ascii
        $target = /Target="https?:\/\/[^"]{4,80}\.(dot|dotm)"/ ascii
    condition:
        filesize < 5MB and all of them
}

rule Sample_Canary_Yara {
    meta:
        description = "Matches only the canary file: proof that the engine really loaded this set"
    strings:
        $canary = "RULEMINT-CANARY-YARA-7f3c1b" ascii fullword
    condition:
        $canary at 0
}
