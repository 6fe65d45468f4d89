// The Ministry of Justice's sub navigation: ways to look at the same page, each with its own address.

export interface SubPage {
    label: string;
    href: string;
    current: boolean;
}

export function SubNavigation({ label, pages }: { label: string; pages: readonly SubPage[] }) {
    return (
        <nav class="moj-sub-navigation" aria-label={label}>
            <ul class="moj-sub-navigation__list">
                {pages.map((page) => (
                    <li key={page.label} class="moj-sub-navigation__item">
                        <a class="moj-sub-navigation__link" href={page.href} aria-current={page.current ? "page" : undefined}>
                            {page.label}
                        </a>
                    </li>
                ))}
            </ul>
        </nav>
    );
}
