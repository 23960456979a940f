//! What goes wrong in a proxy, and the lines that mend it in each of those that we know.

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Proxy {
    Nginx,
    Caddy,
    HaProxy,
    Traefik,
}

/// A fault of the way in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// `Upgrade` and `Connection` do not come through.
    Upgrade,
    /// A connection that is quiet for a while is cut.
    Silence,
    /// Answers are held back until they are complete.
    Buffering,
    /// `Authorization` or `x-api-key` do not come through.
    Credentials,
    /// CORS headers of its own, beside or in the place of ours.
    Cors,
    /// It does not reach the server.
    Unreachable,
}

const ALL: [(Proxy, &str); 4] = [
    (Proxy::Nginx, "nginx"),
    (Proxy::Caddy, "Caddy"),
    (Proxy::HaProxy, "HAProxy"),
    (Proxy::Traefik, "Traefik"),
];

impl Proxy {
    /// As answers name it. HAProxy and Traefik do not name themselves.
    pub(super) fn named(server: Option<&str>, via: Option<&str>) -> Option<Self> {
        let words = format!("{} {}", server.unwrap_or_default(), via.unwrap_or_default()).to_lowercase();
        let found = ALL.iter().find(|(_, name)| words.contains(&name.to_lowercase()));
        let nginx = words.contains("openresty").then_some(Self::Nginx);
        found.map(|(proxy, _)| *proxy).or(nginx)
    }

    pub(super) fn name(self) -> &'static str {
        ALL.iter().find(|(proxy, _)| *proxy == self).map_or("", |(_, name)| name)
    }
}

/// What to write into the proxy's configuration; for each that we know, if it is not known which it is.
pub(super) fn mend(fault: Fault, proxy: Option<Proxy>) -> String {
    let wanted = ALL.iter().filter(|(known, _)| proxy.is_none_or(|proxy| proxy == *known));
    let mut text = String::new();
    for (proxy, name) in wanted {
        text.push_str(name);
        text.push_str(":\n");
        for line in lines(fault, *proxy).lines() {
            text.push_str("    ");
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn lines(fault: Fault, proxy: Proxy) -> &'static str {
    match fault {
        Fault::Upgrade => upgrade(proxy),
        Fault::Silence => silence(proxy),
        Fault::Buffering => buffering(proxy),
        Fault::Credentials => credentials(proxy),
        Fault::Cors => cors(proxy),
        Fault::Unreachable => unreachable(proxy),
    }
}

fn upgrade(proxy: Proxy) -> &'static str {
    match proxy {
        Proxy::Nginx => {
            "# in http { }:\n\
             map $http_upgrade $connection_upgrade { default upgrade; '' ''; }\n\
             # in location / { }:\n\
             proxy_http_version 1.1;\n\
             proxy_set_header Upgrade $http_upgrade;\n\
             proxy_set_header Connection $connection_upgrade;"
        }
        Proxy::Caddy => {
            "# upgrades pass by themselves: take out header_up lines on Upgrade and Connection, and\n\
             # matchers that leave out /api/wsConnect*\n\
             reverse_proxy 127.0.0.1:8080"
        }
        Proxy::HaProxy => {
            "# upgrades pass by themselves in mode http: take out http-request del-header or set-header on\n\
             # Upgrade and Connection, and option httpclose\n\
             mode http\n\
             timeout tunnel 1h"
        }
        Proxy::Traefik => {
            "# upgrades pass by themselves: take out customRequestHeaders on Upgrade and Connection, and routers\n\
             # that leave out /api/wsConnect\n\
             traefik.http.services.chinwag.loadbalancer.server.port=8080"
        }
    }
}

fn silence(proxy: Proxy) -> &'static str {
    match proxy {
        Proxy::Nginx => "# in location / { }:\nproxy_read_timeout 1h;\nproxy_send_timeout 1h;",
        Proxy::Caddy => {
            "reverse_proxy 127.0.0.1:8080 {\n    stream_timeout 0\n    transport http {\n        read_timeout 0\n        \
             write_timeout 0\n    }\n}"
        }
        Proxy::HaProxy => {
            "# in defaults, or in the frontend and the backend:\n\
             timeout client 1h\n\
             timeout server 1h\n\
             timeout tunnel 1h"
        }
        Proxy::Traefik => {
            "# in the static configuration:\n\
             entryPoints:\n  websecure:\n    transport:\n      respondingTimeouts:\n        readTimeout: 0s\n        \
             writeTimeout: 0s\n        idleTimeout: 180s"
        }
    }
}

fn buffering(proxy: Proxy) -> &'static str {
    match proxy {
        Proxy::Nginx => "# in location / { }:\nproxy_buffering off;\nproxy_cache off;",
        Proxy::Caddy => "reverse_proxy 127.0.0.1:8080 {\n    flush_interval -1\n}",
        Proxy::HaProxy => {
            "# take out filters that hold answers back: compression, cache-use, option http-buffer-request"
        }
        Proxy::Traefik => {
            "# take the buffering and compress middlewares out of this router\n\
             traefik.http.services.chinwag.loadbalancer.responseforwarding.flushinterval=1ms"
        }
    }
}

fn credentials(proxy: Proxy) -> &'static str {
    match proxy {
        Proxy::Nginx => {
            "# in location / { }, and no auth_basic:\n\
             proxy_set_header Authorization $http_authorization;\n\
             proxy_set_header X-Api-Key $http_x_api_key;"
        }
        Proxy::Caddy => "# take out header_up lines on Authorization and X-Api-Key, and basic_auth",
        Proxy::HaProxy => {
            "# take out http-request del-header on Authorization and X-Api-Key, and http-request auth"
        }
        Proxy::Traefik => {
            "# take the basicAuth, digestAuth and forwardAuth middlewares out of this router, or let them pass\n\
             # Authorization on (removeHeader=false)"
        }
    }
}

fn cors(proxy: Proxy) -> &'static str {
    match proxy {
        Proxy::Nginx => {
            "# take out add_header Access-Control-*, and what answers OPTIONS by itself: the server does CORS\n\
             # (http.allowed_origins)"
        }
        Proxy::Caddy => "# take out header Access-Control-*: the server does CORS (http.allowed_origins)",
        Proxy::HaProxy => {
            "# take out http-response set-header or add-header Access-Control-*: the server does CORS\n\
             # (http.allowed_origins)"
        }
        Proxy::Traefik => {
            "# take accessControl* out of the headers middleware: the server does CORS (http.allowed_origins)"
        }
    }
}

fn unreachable(proxy: Proxy) -> &'static str {
    match proxy {
        Proxy::Nginx => {
            "# in location / { }: where listen of the settings says\nproxy_pass http://127.0.0.1:8080;"
        }
        Proxy::Caddy => "# where listen of the settings says\nreverse_proxy 127.0.0.1:8080",
        Proxy::HaProxy => {
            "# in the backend: where listen of the settings says\nserver chinwag 127.0.0.1:8080"
        }
        Proxy::Traefik => {
            "# where listen of the settings says; in a container it must be 0.0.0.0:8080\n\
             traefik.http.services.chinwag.loadbalancer.server.port=8080"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_names_itself_gets_its_own_lines_only() {
        let nginx = Proxy::named(Some("nginx/1.22.1"), None);
        assert_eq!(nginx, Some(Proxy::Nginx));
        assert_eq!(Proxy::named(None, Some("1.1 Caddy")), Some(Proxy::Caddy));
        assert_eq!(Proxy::named(Some("cloudflare"), None), None);
        assert!(!mend(Fault::Upgrade, nginx).contains("HAProxy"));
        let all = mend(Fault::Silence, None);
        assert!(ALL.iter().all(|(_, name)| all.contains(&format!("{name}:\n"))), "{all}");
    }
}
