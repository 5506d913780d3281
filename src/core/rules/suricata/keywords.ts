/**
 * The words of the rule language. Actions belong to the grammar: another word is an error. Protocols and option names grow with every
 * version of the engines: a strange one is a warning, and names with a dot (buffers of some protocol) are not judged at all.
 */

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

export const actions = words(`
  alert drop pass reject rejectsrc rejectdst rejectboth config
  log activate dynamic sdrop block react rewrite
`);

export const protocols = words(`
  ip ipv4 ipv6 ip4 ip6 tcp tcp-pkt tcp-stream udp icmp icmpv4 icmpv6 sctp pkthdr decode arp
  http http1 http2 tls ssl dns mdns doh2 ssh smtp imap pop3 ftp ftp-data tftp smb dcerpc nfs ntp dhcp snmp sip
  rfb rdp krb5 ike ikev2 mqtt pgsql modbus dnp3 enip quic telnet websocket ldap sdp bittorrent-dht jabber irc msn file user
`);

/** Change the pattern before them, and mean nothing without one. */
export const contentModifiers = words(`
  nocase depth offset distance within startswith endswith fast_pattern rawbytes replace
  http_cookie http_method http_client_body http_server_body http_header http_raw_header http_uri http_raw_uri
  http_stat_msg http_stat_code http_user_agent http_host http_raw_host
`);

/** What such a modifier may stand behind. */
export const patternOptions = words("content uricontent pcre protected_content");

/** Hold no value. */
export const bareOptions = words(`
  nocase startswith endswith rawbytes sameip ftpbounce noalert bypass prefilter pkt_data base64_data
  tls_cert_expired tls_cert_valid tls_store compress_whitespace strip_whitespace strip_pseudo_headers
  to_md5 to_sha1 to_sha256 dotprefix url_decode header_lowercase to_lowercase to_uppercase
  http_cookie http_method http_client_body http_server_body http_header http_raw_header http_uri http_raw_uri
  http_stat_msg http_stat_code http_user_agent http_host http_raw_host dns_query tls_sni ja3_hash
`);

/** Hold a value. */
export const valueOptions = words(`
  sid rev gid msg content uricontent pcre classtype priority reference metadata target
  depth offset distance within flow flowbits threshold detection_filter isdataat dsize urilen bsize
  byte_test byte_jump byte_extract byte_math dataset datarep lua
`);

/** Mean the same wherever they stand; a rule may hold those of the second line once. */
export const metaOptions = words(`
  reference classtype priority target metadata
  msg sid rev gid
`);
export const singleOptions = words("msg sid rev gid");

/** Everything else without a dot that some engine knows. */
const others = words(`
  app-layer-protocol app-layer-event ipopts fragbits fragoffset ttl tos itype icode icmp_id icmp_seq tag
  geoip ip_proto id rpc flowvar flowint pktvar hostbits xbits stream_size stream-event engine-event decode-event
  ipv4-csum tcpv4-csum tcpv6-csum udpv4-csum udpv6-csum icmpv4-csum icmpv6-csum nfq_set_mark frame requires
  tls_cert_notbefore tls_cert_notafter tls_cert_subject tls_cert_issuer tls_cert_serial tls_cert_fingerprint
  nfs_procedure ssl_version ssl_state asn1 config filename fileext filestore filemagic filemd5 filesha1 filesha256
  filesize file_data file_type l3_proto iprep modbus cip_service enip_command dnp3_func dnp3_ind dnp3_obj base64_decode
  krb5_err_code krb5_msg_type ftpdata_command pcrexform xor luajit luaxform alert absent entropy
  ja3_string ja3s_hash ja3s_string dce_iface dce_opnum dce_stub_data ack seq window flags mss
  smb_named_pipe smb_share krb5_cname krb5_sname ssh_proto ssh_software from_base64 subslice icmpv6mtu
  http_protocol http_start http_header_names http_accept http_accept_lang http_accept_enc http_connection
  http_content_len http_content_type http_referer http_request_line http_response_line http_param
  activates activated_by count logto session resp react stream_reassemble cvs soid rem service sd_pattern
  http_encode http_version http_num_headers http_num_cookies http_num_trailers http_trailer http_raw_body
  http_raw_request http_raw_status http_true_ip http_raw_cookie http_max_header_line script_data vba_data js_data
  raw_data regex bufferlen ber_data ber_skip sip_method sip_stat_code sip_header sip_body gtp_info gtp_type gtp_version
  appid appids ttl_check wscale file_meta enable pos preserve
`);

export function isKnownOption(name: string): boolean {
  return (
    name.includes(".") ||
    valueOptions.has(name) ||
    bareOptions.has(name) ||
    contentModifiers.has(name) ||
    patternOptions.has(name) ||
    others.has(name)
  );
}
