// The site of the documentation: the markdown files of docs/ as they are, and the README as the first page. `make site` builds it,
// from a copy of docs/ with the README as index.md.
import fs from 'node:fs'
import path from 'node:path'

const repository = 'https://github.com/chaosctl/chaosctl'
const docs = path.resolve(import.meta.dirname, '..')

// The pages in the order in which one reads them. A page that is in none of the groups keeps the site from being built.
const groups = {
  'Use it': ['first-experiment', 'experiments', 'reading-a-report', 'gamedays', 'page', 'on-kubernetes', 'ci', 'comparing', 'history', 'permissions'],
  'Trust it': ['guarantees', 'security', 'crash-safety', 'measurement', 'truth-table', 'performance', 'how-it-compares'],
  'Look it up': ['reference/faults', 'reference/probes', 'reference/expectations', 'reference/library'],
  'Take part': ['design', 'adding-a-fault', 'releasing'],
}

const title = page => /^# (.+)$/m.exec(fs.readFileSync(path.join(docs, page + '.md'), 'utf8'))[1]
const item = page => ({ text: title(page), link: '/' + page })
const pagesOf = folder => fs.readdirSync(path.join(docs, folder)).filter(f => f.endsWith('.md')).map(f => path.posix.join(folder, f.slice(0, -3)))

const listed = Object.values(groups).flat()
for (const page of [...pagesOf('.'), ...pagesOf('reference')]) {
  if (page !== 'index' && !listed.includes(page)) {
    throw new Error(`docs/${page}.md is in no group of docs/.vitepress/config.mjs`)
  }
}

const sidebar = Object.entries(groups).map(([text, pages]) => ({ text, items: pages.map(item) }))
sidebar.push({ text: 'Faults', collapsed: true, items: pagesOf('reference/faults').map(item) })

// Links are those of the repository: from the place of the file there, to a page of the site or to what is not part of it.
function relink(md) {
  md.core.ruler.push('relink', state => {
    const page = state.env.relativePath
    const from = page === 'index.md' ? '.' : path.posix.join('docs', path.posix.dirname(page))
    for (const token of state.tokens.flatMap(t => [t, ...(t.children ?? [])])) {
      const name = { link_open: 'href', image: 'src' }[token.type]
      const link = name && token.attrGet(name)
      if (!link || /^([a-z]+:|#)/.test(link)) continue
      const [file, anchor] = link.split('#')
      const to = path.posix.normalize(path.posix.join(from, file))
      const fragment = anchor ? '#' + anchor : ''
      if (to === 'README.md') token.attrSet(name, '/' + fragment)
      else if (to.startsWith('docs/')) token.attrSet(name, to.slice('docs'.length) + fragment)
      else token.attrSet(name, `${repository}/blob/main/${to}${fragment}`)
    }
  })
}

export default {
  title: 'chaosctl',
  description: 'Chaos and resilience testing for Kubernetes: it puts things back, and its verdict explains itself.',
  lang: 'en',
  lastUpdated: false,
  markdown: {
    config: relink,
    // As GitHub does, where the same files are read.
    anchor: { slugify: s => s.trim().toLowerCase().replace(/[^\p{L}\p{N}\- _]/gu, '').replace(/ /g, '-') },
  },
  themeConfig: {
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
  },
}
