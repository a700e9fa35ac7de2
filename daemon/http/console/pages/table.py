"""Every page of the console and the navigation between them."""

from types import MappingProxyType

from daemon.http.console.pages.communications import COMMUNICATIONS
from daemon.http.console.pages.costs import COSTS
from daemon.http.console.pages.declared import ConsolePage, Section
from daemon.http.console.pages.deployments import DEPLOYMENT, DEPLOYMENTS
from daemon.http.console.pages.flags import FLAG, FLAGS
from daemon.http.console.pages.fraud import FRAUD
from daemon.http.console.pages.incident import INCIDENT
from daemon.http.console.pages.incidents import INCIDENTS
from daemon.http.console.pages.ledger import LEDGER
from daemon.http.console.pages.overview import OVERVIEW
from daemon.http.console.pages.procedures import PROCEDURE, PROCEDURES
from daemon.http.console.pages.rules import RULE, RULES
from daemon.http.console.pages.scaling import SCALING
from daemon.http.console.pages.schedules import SCHEDULES

PAGES: tuple[ConsolePage, ...] = (
    OVERVIEW,
    INCIDENTS,
    INCIDENT,
    COMMUNICATIONS,
    DEPLOYMENTS,
    DEPLOYMENT,
    FLAGS,
    FLAG,
    SCALING,
    COSTS,
    FRAUD,
    LEDGER,
    SCHEDULES,
    RULES,
    RULE,
    PROCEDURES,
    PROCEDURE,
)
"""Each is live, has a route of its own and needs a viewer."""

HEADER = ConsolePage(name="header", title="", path="", section="", panels=(), compose=lambda scene, _of: scene)
"""What a page follows that shows one answer to one question: nothing but the verdict in its header is live."""

PAGE_BY_NAME = MappingProxyType({page.name: page for page in (*PAGES, HEADER)})

SECTIONS = (
    Section("overview", "Overview", "/console"),
    Section("incidents", "Incidents", "/console/incidents"),
    Section("communications", "Communications", "/console/communications"),
    Section("deployments", "Deployments", "/console/deployments"),
    Section("flags", "Flags", "/console/flags"),
    Section("scaling", "Capacity", "/console/scaling"),
    Section("fraud", "Fraud", "/console/fraud"),
    Section("ledger", "Ledger", "/console/ledger"),
    Section("costs", "Costs", "/console/costs"),
    Section("rules", "Rules", "/console/rules"),
    Section("schedules", "Schedules", "/console/schedules"),
    Section("procedures", "Procedures", "/console/procedures"),
    Section("journal", "Journal", "/console/journal"),
)
"""In the order in which somebody at 03:00 asks."""
